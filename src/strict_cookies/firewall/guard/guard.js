// The guard: a page's scripts store only what the policy declares, and the site hears of the rest.
// It stops accidents, not attackers; docs/guard.md says what it cannot see.
//
// Called before any other script, with a pattern of names for each kind of storage, and with
// whether writes are only reported. Deletions pass.

(patterns, reportOnly) => {
  const { src } = document.currentScript;
  const reported = new Set();
  let unsent = [];

  const mayWrite = (kind, name) => {
    if (RegExp(patterns[kind]).test(name)) return true;
    if (reported.size < 20) report(kind, `${name}`.slice(0, 99));
    return reportOnly;
  };

  // Tell the console and the site, once for each name and script, up to a few. Browsers write
  // stacks in words of their own, but each names the URLs, the latest first, with line and column.
  const report = (kind, name) => {
    const place =
      Error().stack.match(/[\w-]+:\/\/[^\s)]+/g)?.find((url) => !url.startsWith(src)) || "";
    const script = place.replace(/[?#].*|:\d+:\d+$/, "");
    const text = JSON.stringify({ type: "guard", body: { kind, name, script } });
    if (reported.has(text)) return;
    reported.add(text);
    console.warn(
      `Strict Cookies: declare ${kind} "${name}" in cookies.toml, or stop it: ${place}`,
    );
    if (unsent.push(text) < 2)
      queueMicrotask(() => {
        navigator.sendBeacon(new URL("reports", src), `[${unsent}]`);
        unsent = [];
      });
  };

  // Let a function of ours decide about each call of a method, or of a half of an accessor.
  const intercept = (owner = {}, key, half, decide) => {
    const known = Object.getOwnPropertyDescriptor(owner, key);
    const native = known?.[half];
    if (native)
      Object.defineProperty(owner, key, {
        ...known,
        [half](...args) {
          return decide((self) => native.apply(self || this, args), args, this);
        },
      });
  };

  intercept(Document.prototype, "cookie", "set", (call, [line]) => {
    const [name] = /^[^;=]*(?==)/.exec(line) || [""];
    const age = /;\s*max-age=(-?\d+)/i.exec(line);
    const end = /;\s*expires=([^;]*)/i.exec(line)?.[1];
    const isDeletion = age ? age[1] <= 0 : Date.parse(end) < Date.now();
    if (isDeletion || mayWrite("cookie", name.trim())) call();
  });

  intercept(window.CookieStore?.prototype, "set", "value", (call, [cookie]) => {
    const { name = cookie } = cookie;
    return mayWrite("cookie", name) ? call() : Promise.resolve();
  });

  // A Storage can be written to like any object, so scripts get a proxy of it; what is the
  // browser's own gets the Storage.
  const areas = [];
  const areaOf = (it) => areas.find((area) => area.includes(it)) || [it, it, "local"];

  for (const kind of ["local", "session"])
    intercept(window, kind + "Storage", "get", (call) => {
      const storage = call(window);
      if (areaOf(storage)[1] == storage) {
        const set = (_, key, value) => {
          if (typeof key == "symbol" || mayWrite(kind, key)) storage[key] = value;
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
        if (key != "setItem" || mayWrite(kind, name)) return call(storage);
      });

  intercept(StorageEvent.prototype, "storageArea", "get", (call) => {
    localStorage;
    sessionStorage;
    return areaOf(call())[1];
  });
  window.StorageEvent = new Proxy(StorageEvent, {
    construct: (native, [type, init], target) =>
      Reflect.construct(
        native, [type, { ...init, storageArea: areaOf(init?.storageArea)[0] }], target,
      ),
  });

  // What is refused fails as where the visitor blocks storage: by an event, or by a promise.
  intercept(IDBFactory.prototype, "open", "value", (call, args) => {
    if (mayWrite("indexeddb", args[0])) return call();
    args[0] = "refused";
    const request = call();
    request.addEventListener("upgradeneeded", (event) => {
      event.stopImmediatePropagation();
      request.transaction.abort();
    });
    return request;
  });

  intercept(window.CacheStorage?.prototype, "open", "value", (call, [name]) =>
    mayWrite("cache", name) ? call() : Promise.reject(new DOMException(name, "SecurityError")),
  );
}
