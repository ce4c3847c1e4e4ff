// Names and values of a frame's web storage, at most 500 of each kind; only for --with-values.

() => {
  const read = (get) => {
    try {
      return Object.entries(get())
        .slice(0, 500)
        .map(([name, value]) => [`${name}`.slice(0, 512), `${value}`.slice(0, 5000)]);
    } catch {
      return [];
    }
  };
  return {
    origin: self.origin,
    credentialless: self.credentialless === true,
    local: read(() => localStorage),
    session: read(() => sessionStorage),
  };
}
