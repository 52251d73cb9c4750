import { formCommand } from '../../contract/shell.ts';
import { readLastName } from '../../ownership/names.ts';
import type { UndoDraft } from '../kind.ts';
import type { PeeringSide } from './pair.ts';

export const planUndo = ({ id, remoteVnetId }: PeeringSide): UndoDraft => ({
  undo: 'deletePeering',
  input: { id, remoteVnetId },
  subject: `on ${readLastName(id.slice(0, id.indexOf('/virtualNetworkPeerings/')))}`,
  command: formCommand('az', 'network', 'vnet', 'peering', 'delete', '--ids', id),
  moment: null,
});
