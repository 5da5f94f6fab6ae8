export {
  type Bridge,
  type BridgeDependencies,
  type CallOutcome,
  openBridge as openConfiguredBridge,
} from './bridge.ts';
