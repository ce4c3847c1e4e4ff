// The eraser: what web storage holds already, under names that the policy does not declare, goes.
// Optional, loaded after the guard: other applications of the same origin lose theirs.
//
// Called with a pattern of names for each kind of storage. Undeclared cookies are expired by the server.

async (patterns) => {
  const undeclared = (kind, names) => names.filter((name) => !RegExp(patterns[kind]).test(name));

  try {
    for (const kind of ["local", "session"]) {
      const storage = window[kind + "Storage"];
      for (const name of undeclared(kind, Object.keys(storage))) storage.removeItem(name);
    }
    const databases = (await indexedDB.databases?.()) || [];
    for (const name of undeclared("indexeddb", databases.map((database) => database.name)))
      indexedDB.deleteDatabase(name);
    for (const name of undeclared("cache", (await window.caches?.keys()) || [])) caches.delete(name);
  } catch {
    // The visitor lets pages store nothing, so there is nothing to erase.
  }
}
