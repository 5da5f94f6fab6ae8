import { own } from '../../spec/references.ts';
import { EDITOR_LIMITS, type Keys } from './finding.ts';
import type { CheckedOperation } from './operations.ts';
import { lengthOf, reprOf } from './python-words.ts';
import { checkSchema } from './schemas.ts';

export interface CheckedNames {
  /** The function is skipped. */
  readonly failed: boolean;
  readonly names: ReadonlySet<string>;
}

/** Parameters of the operation and of its path item; an operation's own one of the same name and place counts. */
export function checkParameters(checked: CheckedOperation, item: unknown): CheckedNames {
  const names = new Set<string>();
  const places = new Set<string>();
  let failed = false;
  for (const { parameter, keys } of [
    ...listOf(checked.operation, checked.keys),
    ...listOf(item, checked.keys.slice(0, -1)),
  ]) {
    const place = `${String(own(parameter, 'in'))} ${String(own(parameter, 'name'))}`;
    if (typeof own(parameter, 'name') === 'string' && places.has(place)) continue;
    places.add(place);
    if (!checkParameter(checked, parameter, keys, names)) failed = true;
  }
  return { failed, names };
}

/** False when it makes the editor skip the function. */
function checkParameter(checked: CheckedOperation, parameter: unknown, keys: Keys, names: Set<string>): boolean {
  const { where, schemas, say } = checked;
  const name = own(parameter, 'name');
  if (typeof name !== 'string') {
    // The editor's own grammar.
    say(
      'gpt-parameter-name',
      keys,
      `${where}, parameter ${reprOf(parameter)} is has missing or non-string name; skipping`,
    );
    return false;
  }
  const location = own(parameter, 'in');
  if (location === 'header' || location === 'cookie') {
    say('gpt-parameter-location', keys, `${where}, parameter ${name} has location ${location}; ignoring`);
    return true;
  }
  checkParameterText(checked, { name, node: parameter, keys });
  checkSchema(own(parameter, 'schema'), { keys: [...keys, 'schema'], schemas, say });
  if (names.has(name)) {
    say('gpt-parameter-twice', keys, `${where}, parameter ${name} is duplicated; skipping`);
    return false;
  }
  names.add(name);
  return true;
}

/** Parameters and properties of the body alike: to the editor both are parameters. */
export function checkParameterText(
  { where, say }: Pick<CheckedOperation, 'where' | 'say'>,
  { name, node, keys }: { readonly name: string; readonly node: unknown; readonly keys: Keys },
): void {
  const description = own(node, 'description');
  const length = typeof description === 'string' ? lengthOf(description) : 0;
  if (length <= EDITOR_LIMITS.parameterText) return;
  say(
    'gpt-parameter-text',
    [...keys, 'description'],
    `${where}, parameter ${name} description has length ${length} exceeding limit of ${EDITOR_LIMITS.parameterText}`,
  );
}

function listOf(holder: unknown, keys: Keys): { readonly parameter: unknown; readonly keys: Keys }[] {
  const list = own(holder, 'parameters');
  if (!Array.isArray(list)) return [];
  return list.map((parameter, index) => ({ parameter, keys: [...keys, 'parameters', String(index)] }));
}
