/** A file as text: build.mjs and the tests' bundler both know the suffix. */
declare module '*?raw' {
  const text: string;
  export default text;
}
