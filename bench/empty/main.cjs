// The least that an Electron program can be: one sandboxed window with one word in it.
const { app, BrowserWindow } = require('electron');

app.commandLine.appendSwitch('host-resolver-rules', 'MAP * ~NOTFOUND');
app.on('window-all-closed', () => app.quit());
void app.whenReady().then(() => {
  const window = new BrowserWindow({ width: 1280, height: 800, webPreferences: { sandbox: true } });
  void window.loadFile('page.html');
});
