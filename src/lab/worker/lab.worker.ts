import { expose } from 'comlink';
import { LatheLab } from '../lab';
import { originPrivateFiles } from '../checkpoints/origin-private-files';
import { serveLab } from './serve-lab';

expose(serveLab(new LatheLab({}, originPrivateFiles('training'))));
