/**
 * Let MDN's HTTP Observatory scan a host of a test as if it were deployed, and print its verdict.
 *
 * Usage: node observatory.mjs HOST HTTP_PORT HTTPS_PORT
 * Each name resolves to this machine, where port 80 stands for HTTP_PORT and 443 for HTTPS_PORT.
 * NODE_EXTRA_CA_CERTS names the authority of the test's certificate.
 */
import { writeFile } from "node:fs/promises";
import { createRequire } from "node:module";
import net from "node:net";

const [host, httpPort, httpsPort] = process.argv.slice(2);
const ports = { 80: httpPort, 443: httpsPort };

const connect = net.Socket.prototype.connect;
net.Socket.prototype.connect = function (...args) {
  // Node hands over its own normalized list where a socket is made by an agent.
  const options = Array.isArray(args[0]) ? args[0][0] : args[0];
  if (!(options.port in ports)) throw new Error(`${options.host}:${options.port} is no part of the test.`);
  options.host = "127.0.0.1";
  options.port = ports[options.port];
  return connect.apply(this, args);
};

// The list of preloaded hosts is made by an install script that was not run; no test host is on it.
const { resolve } = createRequire(import.meta.url);
const scanner = resolve("@mdn/mdn-http-observatory/src/scanner/index.js");
await writeFile(new URL("../../conf/hsts-preload.json", `file://${scanner}`), "{}");

const { scan } = await import("@mdn/mdn-http-observatory/src/scanner/index.js");
console.log(JSON.stringify(await scan(host)));
