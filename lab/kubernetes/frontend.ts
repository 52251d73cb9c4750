/**
 * The workload of the lab: a program of its own, run in a pod's network. Answers every request on 8080 with one line
 * that names the pod and its node.
 */
import { createServer } from 'node:http';

const line = `frontend pod=${process.env.POD_NAME} node=${process.env.NODE_NAME}\n`;

createServer((_, response) => {
  response.writeHead(200, {
    'content-type': 'text/plain',
    'content-length': Buffer.byteLength(line),
    connection: 'close',
  });
  response.end(line);
}).listen(8080, '0.0.0.0');
