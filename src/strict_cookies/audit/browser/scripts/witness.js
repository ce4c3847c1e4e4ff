// The witness: notes which script stores what, in every frame, before any script of the page runs.
// Names and attributes go out, values never do. Only what was really stored is told.
//
// Called with the name of the binding by which it tells; it takes the binding out of the page's
// sight.

(binding) => {
  const tell = globalThis[binding];
  if (!tell) return;
  delete globalThis[binding];

  const NativeError = Error;
  const { stringify } = JSON;
  const told = new Set();

  const stackHere = () => `${new NativeError().stack}`;

  const say = (kind, name, stack, more = {}) => {
    const key = `${kind}\n${name}\n${more.attributes}`;
    if (told.has(key) || told.size >= 500) return;
    told.add(key);
    tell(
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

  // Let a function of ours stand before a method, or before a half of an accessor.
  const intercept = (owner = {}, key, half, stand) => {
    const known = Object.getOwnPropertyDescriptor(owner, key);
    const native = known?.[half];
    if (native)
      Object.defineProperty(owner, key, {
        ...known,
        [half](...args) {
          return stand((self) => native.apply(self || this, args), args, this);
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
    say("cookie", name, stackHere(), {
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
    say("cookie", name, stack, { attributes: attributes.join("; "), stored: !(expires < Date.now()) });
    return result;
  });

  // A Storage can be written to like any object, so scripts get a proxy of it; what is the
  // browser's own gets the Storage.
  const areas = [];
  const areaOf = (it) => areas.find((area) => area.includes(it)) || [it, it, "local"];

  for (const kind of ["local", "session"])
    intercept(window, `${kind}Storage`, "get", (call) => {
      const storage = call(window);
      if (areaOf(storage)[1] === storage) {
        const set = (_, key, value) => {
          storage[key] = value;
          if (typeof key !== "symbol") say(kind, key, stackHere());
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
        if (key === "setItem") say(kind, name, stackHere());
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
    request.addEventListener("success", () => say("indexeddb", name, stack));
    return request;
  });

  intercept(window.CacheStorage?.prototype, "open", "value", async (call, args) => {
    const stack = stackHere();
    const name = (args[0] = `${args[0]}`);
    const cache = await call();
    say("cache", name, stack);
    return cache;
  });

  intercept(window.ServiceWorkerContainer?.prototype, "register", "value", async (call, [url]) => {
    const stack = stackHere();
    const registration = await call();
    say("service worker", new URL(url, document.baseURI).href, stack);
    return registration;
  });

  window.addEventListener(
    "securitypolicyviolation",
    (event) => {
      if (event.disposition === "enforce")
        say("blocked", event.blockedURI, "", { attributes: event.effectiveDirective });
    },
    true,
  );
}
