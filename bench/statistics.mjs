export const least = (values) => Math.min(...values);

export function median(values) {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}

export function quantile(values, share) {
  return [...values].sort((a, b) => a - b)[Math.min(values.length - 1, Math.floor(values.length * share))];
}

/** Rows of { figure, value, target, met } as a Markdown table. */
export function table(rows) {
  const cells = rows.map(({ figure, value, baseline, ratio, target, met }) => [
    figure,
    value,
    baseline ?? '',
    ratio ?? '',
    target ?? '',
    met === undefined ? '' : met ? 'met' : '**missed**',
  ]);
  const lines = [['figure', 'measured', 'baseline', 'ratio', 'target', ''], ...cells];
  const widths = lines[0].map((_, column) => Math.max(...lines.map((line) => line[column].length), 3));
  const write = (line) => `| ${line.map((cell, column) => cell.padEnd(widths[column])).join(' | ')} |`;
  return [
    write(lines[0]),
    `|${widths.map((width) => '-'.repeat(width + 2)).join('|')}|`,
    ...lines.slice(1).map(write),
  ].join('\n');
}
