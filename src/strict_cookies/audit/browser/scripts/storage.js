// Names of everything that a frame's origin has stored, at most 500 of each kind.

async () => {
  const within = (promise) =>
    Promise.race([promise, new Promise((resolve) => setTimeout(resolve, 1000, []))]);
  const read = async (get) => {
    try {
      return (await within(get())).slice(0, 500).map((name) => `${name}`.slice(0, 512));
    } catch {
      return [];
    }
  };
  return {
    origin: self.origin,
    credentialless: self.credentialless === true,
    names: {
      local: await read(async () => Object.keys(localStorage)),
      session: await read(async () => Object.keys(sessionStorage)),
      indexeddb: await read(async () => (await indexedDB.databases()).map((it) => it.name)),
      cache: await read(() => caches.keys()),
      "service worker": await read(async () =>
        (await navigator.serviceWorker.getRegistrations())
          .map((it) => (it.active || it.waiting || it.installing)?.scriptURL)
          .filter(Boolean),
      ),
    },
  };
}
