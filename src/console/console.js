// The page at "/": lists the tools, calls them as plain HTTP, reads the metrics. Nothing from outside is parsed as markup.
const byId = (id) => document.getElementById(id);
const TOKEN_KEY = 'actionbridge-token';
const REFRESH_MS = 5_000;

const state = { tools: [], chosen: undefined };

/** A token in the fragment never reaches a server; it is taken, and leaves the address bar. */
function takeToken() {
  const [, given] = /^#token=(.+)$/.exec(location.hash) ?? [];
  if (given === undefined) return;
  sessionStorage.setItem(TOKEN_KEY, decodeURIComponent(given));
  history.replaceState(null, '', location.pathname);
}

function element(name, properties = {}, ...children) {
  const made = Object.assign(document.createElement(name), properties);
  made.append(...children.filter((child) => child !== undefined));
  return made;
}

async function request(path, options = {}) {
  const token = sessionStorage.getItem(TOKEN_KEY);
  const authorization = token === null ? {} : { authorization: `Bearer ${token}` };
  return fetch(path, { ...options, headers: { ...options.headers, ...authorization } });
}

async function open() {
  const response = await request('/v1/tools').catch(() => undefined);
  const isRefused = response?.status === 401;
  byId('sign-in').hidden = !isRefused;
  byId('forget').hidden = isRefused || sessionStorage.getItem(TOKEN_KEY) === null;
  if (isRefused) return askForToken();
  if (!response?.ok) return showHealth('bad', 'The bridge does not answer');
  state.tools = (await response.json()).tools;
  showList();
  showHealthNow();
  goWhereAsked();
}

/** `#status`, or `#tool=NAME`; otherwise the first tool. */
function goWhereAsked() {
  const asked = decodeURIComponent(location.hash.slice(1));
  showPage(asked === 'status' ? 'status' : 'tools');
  const tool = state.tools.find(({ name }) => asked === `tool=${name}`) ?? state.tools[0];
  if (tool) choose(tool);
}

function askForToken() {
  const tried = sessionStorage.getItem(TOKEN_KEY) !== null;
  sessionStorage.removeItem(TOKEN_KEY);
  byId('sign-in-error').textContent = tried ? 'This token is not valid.' : '';
  byId('tools').hidden = byId('status').hidden = true;
  byId('token').value = '';
  byId('token').focus();
}

function showPage(name) {
  for (const page of ['tools', 'status']) {
    byId(page).hidden = page !== name;
    byId(`show-${page}`).setAttribute('aria-pressed', String(page === name));
  }
  if (name === 'status') showStatus();
}

function showList() {
  const words = byId('search').value.toLowerCase().split(/\s+/);
  const found = state.tools.filter(({ name, title, description }) => {
    const text = `${name} ${title ?? ''} ${description ?? ''}`.toLowerCase();
    return words.every((word) => text.includes(word));
  });
  const many = state.tools.length === found.length ? `${found.length}` : `${found.length} of ${state.tools.length}`;
  byId('count').textContent = `${many} tools`;
  byId('list').replaceChildren(...found.map(listed));
}

function listed(tool) {
  const button = element(
    'button',
    { type: 'button', onclick: () => goTo(`tool=${tool.name}`) },
    element('strong', { textContent: tool.name }),
    element('span', { textContent: tool.title ?? '' }),
  );
  button.setAttribute('aria-current', String(tool === state.chosen));
  return element('li', {}, button);
}

function goTo(place) {
  history.replaceState(null, '', `#${encodeURIComponent(place)}`);
  goWhereAsked();
}

function choose(tool) {
  state.chosen = tool;
  for (const button of byId('list').querySelectorAll('button'))
    button.setAttribute('aria-current', String(button.firstChild.textContent === tool.name));
  const form = callForm(tool);
  byId('tool').replaceChildren(
    element('h2', { textContent: tool.name }),
    badges(tool.annotations ?? {}),
    element('p', { className: 'description', textContent: tool.description ?? '' }),
    element('h3', { textContent: 'Try it' }),
    form,
    element(
      'details',
      {},
      element('summary', { textContent: 'Input schema' }),
      element('pre', { textContent: JSON.stringify(tool.inputSchema, null, 2) }),
    ),
  );
  byId('tool').scrollTop = 0;
}

function badges({ readOnlyHint, destructiveHint, idempotentHint }) {
  const badge = (className, textContent) => element('span', { className: `badge ${className}`, textContent });
  return element(
    'div',
    { className: 'badges' },
    readOnlyHint ? badge('good', 'reads only') : badge('warn', 'changes something'),
    !readOnlyHint && destructiveHint ? badge('bad', 'destructive') : undefined,
    !readOnlyHint && idempotentHint ? badge('', 'idempotent') : undefined,
  );
}

/** A field for each argument; what is left empty is not sent. */
function callForm(tool) {
  const { properties = {}, required = [] } = tool.inputSchema;
  // A call with consequences is asked about in a dialog, not by this argument.
  const shown = Object.entries(properties).filter(([name]) => !name.startsWith('_confirm'));
  const fields = shown.map(([name, schema]) => field(name, schema, required.includes(name)));
  const button = element('button', { type: 'submit', className: 'primary', textContent: 'Call' });
  const result = element('div');
  const form = element(
    'form',
    { noValidate: true },
    ...fields.map(({ row }) => row),
    fields.length === 0 ? element('p', { className: 'quiet', textContent: 'It takes no arguments.' }) : undefined,
    element('div', { className: 'actions' }, button),
    result,
  );
  form.onsubmit = async (event) => {
    event.preventDefault();
    button.disabled = true;
    try {
      await call(tool, readFields(fields), result);
      result.scrollIntoView({ block: 'nearest' });
    } catch (error) {
      result.replaceChildren(element('p', { className: 'bad', textContent: error.message }));
    } finally {
      button.disabled = false;
    }
  };
  return form;
}

function field(name, schema, isRequired) {
  const id = `argument-${name}`;
  const input = inputFor(schema, id);
  const label = element(
    'label',
    { htmlFor: id },
    name,
    isRequired ? element('b', { textContent: ' *', title: 'required' }) : '',
  );
  label.append(element('small', { textContent: typeOf(schema) }));
  const row = element(
    'div',
    { className: 'field' },
    label,
    input,
    schema.description ? element('p', { className: 'quiet', textContent: schema.description }) : undefined,
  );
  return { name, schema, input, row };
}

function inputFor(schema, id) {
  const choices = schema.enum ?? (schema.type === 'boolean' ? [true, false] : undefined);
  if (choices) {
    const options = choices.map((choice) =>
      element('option', { textContent: String(choice), value: JSON.stringify(choice) }),
    );
    return element('select', { id }, element('option', { textContent: '', value: '' }), ...options);
  }
  if (isPlain(schema)) return element('input', { id, type: 'text', spellcheck: false, autocomplete: 'off' });
  return element('textarea', { id, rows: 3, spellcheck: false, placeholder: 'JSON' });
}

const isPlain = ({ type }) => ['string', 'integer', 'number'].includes(type);

function typeOf({ type, format, enum: choices, items }) {
  if (choices) return 'one of';
  const what = type === 'array' && items?.type ? `array of ${items.type}` : [type ?? 'any'].flat().join(' or ');
  return format ? `${what}, ${format}` : what;
}

function readFields(fields) {
  const args = {};
  for (const { name, schema, input } of fields) {
    const text = input.value;
    if (text === '') continue;
    if (schema.type === 'string' && !schema.enum) args[name] = text;
    else args[name] = parsed(text, name);
  }
  return args;
}

function parsed(text, name) {
  try {
    return JSON.parse(text);
  } catch {
    throw new Error(`${name} is not valid JSON`);
  }
}

async function call(tool, args, result) {
  result.replaceChildren(element('p', { className: 'quiet', textContent: 'Calling …' }));
  const started = performance.now();
  const response = await request(`/api/${encodeURIComponent(tool.name)}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(args),
  });
  const body = await bodyOf(response);
  const { confirmation } = body.json?.error ?? {};
  if (response.status === 403 && confirmation?.token !== undefined) {
    if (await agrees(tool, confirmation))
      return call(tool, { ...args, [confirmation.argument]: confirmation.token }, result);
    return result.replaceChildren(element('p', { className: 'quiet', textContent: 'Nothing was sent.' }));
  }
  const outcome = `HTTP ${response.status}`;
  result.replaceChildren(
    element(
      'p',
      { className: `outcome ${response.ok ? 'good' : 'bad'}` },
      outcome,
      element('span', { className: 'quiet', textContent: `${Math.round(performance.now() - started)} ms` }),
    ),
    body.shown,
  );
}

async function bodyOf(response) {
  const type = response.headers.get('content-type') ?? '';
  if (type.startsWith('image/') && !type.includes('svg')) {
    const bytes = new Uint8Array(await response.arrayBuffer());
    const text = Array.from(bytes, (byte) => String.fromCharCode(byte)).join('');
    return { shown: element('img', { src: `data:${type};base64,${btoa(text)}`, alt: 'The answer' }) };
  }
  const text = await response.text();
  if (!type.startsWith('application/json')) return { shown: element('pre', { textContent: text || '(no content)' }) };
  const json = JSON.parse(text);
  return { json, shown: element('pre', { textContent: JSON.stringify(json, null, 2) }) };
}

/** The bridge asks before calls with consequences; the person at this page is who can answer. */
function agrees(tool, { request: asked }) {
  byId('confirm-text').textContent = `${tool.name} has consequences. This would be sent:`;
  byId('confirm-request').textContent = typeof asked === 'string' ? asked : JSON.stringify(asked ?? {}, null, 2);
  byId('confirm').returnValue = 'no';
  byId('confirm').showModal();
  return new Promise((resolve) => {
    byId('confirm').onclose = () => resolve(byId('confirm').returnValue === 'yes');
  });
}

function showHealth(kind, text) {
  byId('health').className = kind;
  byId('health').textContent = text;
}

async function showHealthNow() {
  const ready = await fetch('/readyz').catch(() => undefined);
  if (ready?.ok) showHealth('good', 'ready');
  else showHealth('bad', ready ? 'stopping' : 'does not answer');
}

async function showStatus() {
  const response = await request('/metrics').catch(() => undefined);
  if (!response?.ok) return;
  const samples = readMetrics(await response.text());
  const total = (name, where = () => true) =>
    samples.filter((sample) => sample.name === name && where(sample.labels)).reduce((sum, { value }) => sum + value, 0);
  const calls = total('actionbridge_calls_total');
  const open = samples.filter(({ name, value }) => name === 'actionbridge_breaker_open' && value > 0);
  const figures = [
    ['Calls', calls],
    ['Errors', total('actionbridge_call_errors_total')],
    ['Sent to APIs', total('actionbridge_upstream_requests_total')],
    ['Retries', total('actionbridge_retries_total')],
    ['Cache hits', total('actionbridge_cache_total', ({ event }) => event === 'hit')],
    ['Breakers open', open.length],
    [
      'Loop delay, 99 %',
      milliseconds(total('actionbridge_event_loop_delay_seconds', ({ quantile }) => quantile === '0.99')),
    ],
    ['Memory', `${Math.round(total('process_resident_memory_bytes') / 2 ** 20)} MiB`],
  ];
  byId('figures').replaceChildren(
    ...figures.map(([what, value]) =>
      element(
        'div',
        { className: 'figure' },
        element('b', { textContent: String(value) }),
        element('span', { className: 'quiet', textContent: what }),
      ),
    ),
  );
  byId('calls').replaceChildren(...toolRows(samples));
}

function toolRows(samples) {
  const durations = samples.filter(({ name }) => name === 'actionbridge_call_duration_seconds_count');
  return durations
    .sort((a, b) => b.value - a.value)
    .map(({ labels: { api, tool }, value: count }) => {
      const mine = samples.filter(({ labels }) => labels.tool === tool && labels.api === api);
      const sum = (name) => mine.filter((sample) => sample.name === name).reduce((all, { value }) => all + value, 0);
      const buckets = mine.filter(({ name }) => name === 'actionbridge_call_duration_seconds_bucket');
      const below = buckets.find(({ value }) => value >= 0.95 * count)?.labels.le;
      const cells = [
        tool,
        api,
        count,
        sum('actionbridge_call_errors_total'),
        milliseconds(sum('actionbridge_call_duration_seconds_sum') / count),
        below === undefined || below === '+Inf' ? 'over 60 s' : milliseconds(Number(below)),
      ];
      return element('tr', {}, ...cells.map((text) => element('td', { textContent: String(text) })));
    });
}

/** Prometheus text, as far as it is ours: name{label="value",…} number */
function readMetrics(text) {
  const samples = [];
  for (const line of text.split('\n')) {
    const [, name, labels = '', value] = /^(\w+)(?:\{(.*)\})? (\S+)$/.exec(line) ?? [];
    if (name === undefined) continue;
    const pairs = [...labels.matchAll(/(\w+)="((?:[^"\\]|\\.)*)"/g)].map(([, key, written]) => [key, written]);
    samples.push({ name, labels: Object.fromEntries(pairs), value: Number(value) });
  }
  return samples;
}

function milliseconds(seconds) {
  return seconds >= 10 ? `${seconds.toFixed(1)} s` : `${Number((seconds * 1000).toPrecision(3))} ms`;
}

byId('sign-in').onsubmit = (event) => {
  event.preventDefault();
  sessionStorage.setItem(TOKEN_KEY, byId('token').value.trim());
  open();
};
byId('forget').onclick = () => {
  sessionStorage.removeItem(TOKEN_KEY);
  location.reload();
};
byId('search').oninput = showList;
byId('show-tools').onclick = () => goTo(state.chosen ? `tool=${state.chosen.name}` : '');
byId('show-status').onclick = () => goTo('status');
setInterval(() => {
  if (document.hidden) return;
  showHealthNow();
  if (!byId('status').hidden) showStatus();
}, REFRESH_MS);
takeToken();
open();
