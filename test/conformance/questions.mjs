// Tools and prompts of server.mjs that ask their client something before they answer.
const NONE = { type: 'object' };
const text = (words) => ({ content: [{ type: 'text', text: words }] });

const form = (message, properties, required = Object.keys(properties)) => ({
  method: 'elicitation/create',
  params: { mode: 'form', message, requestedSchema: { type: 'object', properties, required } },
});
const sample = (words, maxTokens = 100) => ({
  method: 'sampling/createMessage',
  params: { messages: [{ role: 'user', content: { type: 'text', text: words } }], maxTokens },
});
const ROOTS = { method: 'roots/list', params: {} };
const NAME = form('What is your name?', { name: { type: 'string' } });

/** Asks all of it at once, and answers when all of it is there. */
function asks(inputRequests, requestState) {
  return ({ responses, ask }) => {
    const missing = Object.keys(inputRequests).some((key) => responses[key] === undefined);
    if (missing) return ask({ inputRequests, ...(requestState ? { requestState } : {}) });
    return text(JSON.stringify(responses));
  };
}

function multiRound({ responses, state, ask }) {
  if (state === 'two' && responses.step2) return text(`It is ${responses.step2.content?.color}`);
  if (state === 'one' && responses.step1)
    return ask({
      inputRequests: { step2: form('Step 2: What is your favorite color?', { color: { type: 'string' } }) },
      requestState: 'two',
    });
  return ask({
    inputRequests: { step1: form('Step 1: What is your name?', { name: { type: 'string' } }) },
    requestState: 'one',
  });
}

/** Asks only what the client has said it can answer. */
function asksWhatItMay({ capabilities, ...rest }) {
  const possible = { elicitation: { user_name: NAME }, sampling: { greeting: sample('Generate a greeting', 50) } };
  const requests = Object.entries(possible).filter(([capability]) => capabilities[capability]);
  return asks(Object.assign({}, ...requests.map(([, request]) => request)))({ capabilities, ...rest });
}

const titled = (...values) => values.map((value, index) => ({ const: value, title: `Choice ${index + 1}` }));
const options = ['option1', 'option2', 'option3'];

const DEFAULTS = {
  name: { type: 'string', default: 'John Doe' },
  age: { type: 'integer', default: 30 },
  score: { type: 'number', default: 95.5 },
  status: { type: 'string', enum: ['active', 'inactive', 'pending'], default: 'active' },
  verified: { type: 'boolean', default: true },
};
const ENUMS = {
  untitledSingle: { type: 'string', enum: options },
  titledSingle: { type: 'string', oneOf: titled('value1', 'value2', 'value3') },
  legacyEnum: { type: 'string', enum: ['opt1', 'opt2', 'opt3'], enumNames: ['One', 'Two', 'Three'] },
  untitledMulti: { type: 'array', items: { type: 'string', enum: options } },
  titledMulti: { type: 'array', items: { anyOf: titled('value1', 'value2', 'value3') } },
};

const tool = (description, answer, inputSchema = NONE) => ({ description, answer, inputSchema });

export const ASKING_TOOLS = {
  missing_capability: tool('Asks the model of the client', asks({ sample: sample('Are you there?') })),
  sampling: tool('Asks the model of the client', ({ args, ...rest }) => asks({ sample: sample(args.prompt) })(rest), {
    type: 'object',
    properties: { prompt: { type: 'string' } },
    required: ['prompt'],
  }),
  elicitation_sep1034_defaults: tool('Asks with defaults', asks({ all: form('Who?', DEFAULTS, []) })),
  elicitation_sep1330_enums: tool('Asks with choices', asks({ all: form('Which?', ENUMS, []) })),
  input_required_result_elicitation: tool('Asks for a name', asks({ user_name: NAME })),
  input_required_result_sampling: tool('Asks the model', asks({ capital: sample('What is the capital of France?') })),
  input_required_result_list_roots: tool('Asks for roots', asks({ client_roots: ROOTS })),
  input_required_result_multiple_inputs: tool(
    'Asks for three things',
    asks({ user_name: NAME, greeting: sample('Generate a greeting', 50), client_roots: ROOTS }, 'all three'),
  ),
  input_required_result_multi_round: tool('Asks twice', multiRound),
  input_required_result_capabilities: tool('Asks what it may', asksWhatItMay),
};

export const ASKING_PROMPTS = {
  input_required_result_prompt: {
    description: 'Asks for a context',
    answer: ({ responses, ask }) => {
      const context = responses.user_context?.content?.context;
      if (context === undefined)
        return ask({ inputRequests: { user_context: form('Which context?', { context: { type: 'string' } }) } });
      return { messages: [{ role: 'user', content: { type: 'text', text: `In ${context}` } }] };
    },
  },
};
