// The recorder: reports which script stores what, in every frame, before any script of the page
// runs. It reports names and attributes, never values, and only what was really stored.
//
// The argument is the name of the binding by which it reports. The binding is then hidden from the
// page.

(binding) => {
  const send = globalThis[binding];
  if (!send) return;
  delete globalThis[binding];

  const NativeError = Error;
  const { stringify } = JSON;
  const reported = new Set();

  const stackHere = () => `${new NativeError().stack}`;

  const report = (kind, name, stack, more = {}) => {
    const key = `${kind}\n${name}\n${more.attributes}`;
    if (reported.has(key) || reported.size >= 500) return;
    reported.add(key);
    send(
      stringify({
        kind,
        name: `${name}`.slice(0, 512),
        stack: stack.slice(0, 8000),
        origin: self.origin,
        href: location.href,
        credentialless: self.credentialless === true,
        ...more,
      }),
    );
  };

  // Replace a method, or the getter or setter of an accessor, by a wrapper.
  const intercept = (owner = {}, key, half, wrapper) => {
    const known = Object.getOwnPropertyDescriptor(owner, key);
    const native = known?.[half];
    if (native)
      Object.defineProperty(owner, key, {
        ...known,
        [half](...args) {
          return wrapper((self) => native.apply(self || this, args), args, this);
        },
      });
  };

  const readCookie = Object.getOwnPropertyDescriptor(Document.prototype, "cookie").get;

  intercept(Document.prototype, "cookie", "set", (call, args, page) => {
    const line = (args[0] = `${args[0]}`);
    call();
    const [pair] = line.split(";", 1);
    const equals = pair.indexOf("=");
    const name = equals < 0 ? "" : pair.slice(0, equals).trim();
    const now = readCookie.call(page).split("; ");
    report("cookie", name, stackHere(), {
      attributes: line.slice(pair.length, pair.length + 2000),
      stored: now.some((it) => it.startsWith(`${name}=`)),
    });
  });

  intercept(window.CookieStore?.prototype, "set", "value", async (call, args) => {
    const stack = stackHere();
    const given = typeof args[0] === "object" && args[0] ? { ...args[0] } : { name: args[0] };
    if (typeof args[0] === "object") args[0] = given;
    const result = await call();
    const { name, path, domain, expires, sameSite, partitioned } = given;
    const attributes = ["", `Path=${path ?? "/"}`, `SameSite=${sameSite ?? "strict"}`, "Secure"];
    if (domain) attributes.push(`Domain=${domain}`);
    if (expires) attributes.push(`Expires=${new Date(+expires).toUTCString()}`);
    if (partitioned) attributes.push("Partitioned");
    report("cookie", name, stack, { attributes: attributes.join("; "), stored: !(expires < Date.now()) });
    return result;
  });

  // A Storage can be written to like any object, so scripts get a proxy of it. The browser's own
  // functions get the Storage itself.
  const areas = [];
  const areaOf = (it) => areas.find((area) => area.includes(it)) || [it, it, "local"];

  for (const kind of ["local", "session"])
    intercept(window, `${kind}Storage`, "get", (call) => {
      const storage = call(window);
      if (areaOf(storage)[1] === storage) {
        const set = (_, key, value) => {
          storage[key] = value;
          if (typeof key !== "symbol") report(kind, key, stackHere());
          return true;
        };
        areas.push([storage, new Proxy(storage, { set }), kind]);
      }
      return areaOf(storage)[1];
    });

  for (const key in Storage.prototype)
    for (const half of ["get", "value"])
      intercept(Storage.prototype, key, half, (call, [name], self) => {
        const [storage, , kind] = areaOf(self);
        const result = call(storage);
        if (key === "setItem") report(kind, name, stackHere());
        return result;
      });

  intercept(StorageEvent.prototype, "storageArea", "get", (call) => {
    localStorage;
    sessionStorage;
    return areaOf(call())[1];
  });
  window.StorageEvent = new Proxy(StorageEvent, {
    construct: (native, [type, init], target) =>
      Reflect.construct(
        native,
        [type, init && { ...init, storageArea: areaOf(init.storageArea)[0] }],
        target,
      ),
  });

  intercept(IDBFactory.prototype, "open", "value", (call, args) => {
    const stack = stackHere();
    const name = (args[0] = `${args[0]}`);
    const request = call();
    request.addEventListener("success", () => report("indexeddb", name, stack));
    return request;
  });

  intercept(window.CacheStorage?.prototype, "open", "value", async (call, args) => {
    const stack = stackHere();
    const name = (args[0] = `${args[0]}`);
    const cache = await call();
    report("cache", name, stack);
    return cache;
  });

  intercept(window.ServiceWorkerContainer?.prototype, "register", "value", async (call, [url]) => {
    const stack = stackHere();
    const registration = await call();
    report("service worker", new URL(url, document.baseURI).href, stack);
    return registration;
  });

  window.addEventListener(
    "securitypolicyviolation",
    (event) => {
      if (event.disposition === "enforce")
        report("blocked", event.blockedURI, "", { attributes: event.effectiveDirective });
    },
    true,
  );
}
