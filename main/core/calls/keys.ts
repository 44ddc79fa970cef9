import { contract } from './access.ts';
import { decodeLine } from './decode.ts';

export const keys = {
  state: contract.keys.state.handler(({ context: { core } }) => core.keys.view()),
  component: contract.keys.component.handler(({ input, context: { core } }) =>
    core.keys.component(input.person, input.pin, input.component),
  ),
  cancel: contract.keys.cancel.handler(({ context: { core } }) => {
    core.keys.cancel();
    return core.keys.view();
  }),
};

export const messages = {
  decode: contract.messages.decode.handler(({ input, context: { core } }) => decodeLine(core, input.hex)),
};
