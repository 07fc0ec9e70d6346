// The engine's storage contract, on both databases.
import { describeAdapterContract } from './adapter-contract.ts';
import { dialects } from './ground.ts';

for (const dialect of dialects) describeAdapterContract(dialect);
