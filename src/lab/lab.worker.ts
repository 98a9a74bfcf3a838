import { expose } from 'comlink';
import { LatheLab } from './lab';
import { serveLab } from './serve-lab';

expose(serveLab(new LatheLab()));
