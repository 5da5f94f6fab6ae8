/** A node of a parsed JMESPath expression, as `jmespath` builds it. */
export interface ExpressionNode {
  readonly type: string;
  readonly name?: string;
  readonly value?: unknown;
  readonly children?: readonly ExpressionNode[];
}

/**
 * An upper bound of the work an expression does on a value of `size` characters of JSON, in characters looked at or made.
 * `[@,@]|[@,@]|…` doubles with every step: this is known before anything is evaluated.
 */
export function costOf(expression: ExpressionNode, size: number): number {
  const total = { work: 0 };
  outputOf(expression, { size, times: 1, total });
  return total.work;
}

interface Input {
  /** Of all values together that the node is applied to. */
  readonly size: number;
  /** How many values that is at most. */
  readonly times: number;
  readonly total: { work: number };
}

function outputOf(node: ExpressionNode, input: Input): number {
  const output = input.times + sizeOf(node, input);
  input.total.work += output;
  return output;
}

function sizeOf(node: ExpressionNode, input: Input): number {
  const children = node.children ?? [];
  const on = (index: number, size = input.size, times = input.times) =>
    outputOf(children[index]!, { size, times, total: input.total });
  const all = () => children.reduce((sum, _, index) => sum + on(index), 0);
  switch (node.type) {
    case 'Literal':
      return (JSON.stringify(node.value)?.length ?? 0) * input.times;
    case 'Subexpression':
    case 'Pipe':
    case 'IndexExpression':
      return on(1, on(0));
    case 'Projection':
    case 'ValueProjection':
    case 'FilterProjection': {
      const elements = on(0);
      if (children[2]) on(2, elements, elements);
      return on(1, elements, elements);
    }
    case 'KeyValuePair':
      return outputOf(node.value as ExpressionNode, input);
    case 'Comparator':
    case 'NotExpression':
      all();
      return input.times;
    case 'Function':
      return sizeOfCall(node, input);
    case 'ExpressionReference':
      return 0;
    case 'Slice':
      return input.size;
    default:
      return children.length > 0 ? all() : input.size;
  }
}

/** `&expression` arguments are applied to every element; `join` puts its first argument between all elements of its second. */
function sizeOfCall({ name, children = [] }: ExpressionNode, input: Input): number {
  const sizes = children.map((child) => outputOf(child, input));
  const given = sizes.reduce((sum, size) => sum + size, 0);
  const applied = children
    .filter(({ type }) => type === 'ExpressionReference')
    .map(({ children: [inner] = [] }) => outputOf(inner!, { size: given, times: given, total: input.total }));
  if (name === 'join') return (sizes[0] ?? 0) * (sizes[1] ?? 0);
  return given + applied.reduce((sum, size) => sum + size, 0);
}
