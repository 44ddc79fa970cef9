/** Refuses: Countertap hands the printer pixels, never a path or an address to load. */
module.exports = function getPixels(_source, _type, done) {
  const callback = typeof _type === 'function' ? _type : done;
  const error = new Error('Loading pictures by path or address is switched off; hand over pixels instead.');
  if (typeof callback !== 'function') throw error;
  callback(error);
};
