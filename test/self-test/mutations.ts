/** Every way in which the world is broken. */
import type { Mutation } from './mutation.ts';
import { mutationsOfPolicy } from './mutations-of-policy.ts';
import { mutationsOfWorld } from './mutations-of-world.ts';

export const mutations: readonly Mutation[] = [...mutationsOfWorld, ...mutationsOfPolicy];
