/** Cuts off a sensor: its broker publishes its will. `npx tsx examples/mqtt/run.ts [PORT]` */

import { spawnPeer } from 'wirechart';
import { Mqtt } from './client.ts';

class Sensor extends Mqtt {
  override readonly login = {
    clientId: 'sensor',
    keepAlive: 60,
    will: { topic: 'sensor/state', payload: 'lost' },
  };
}

const address = { port: Number(process.argv[2] ?? 1883) };
const broker = spawnPeer('mosquitto', ['-p', String(address.port)], { listens: address });
const [watcher, sensor] = [new Mqtt(), new Sensor()];
watcher.onPublish = ({ topic, payload }) => {
  console.log(topic, Buffer.from(payload).toString());
  if (topic === 'sensor/state') void watcher.disconnect(); // This ends the broker, too.
};
await watcher.connect(broker.address);
await watcher.subscribe('sensor/#');
await sensor.connect(address);
await sensor.publish({ topic: 'sensor/celsius', payload: '21.5', qos: 1 });
await sensor.disconnect({ force: true });
