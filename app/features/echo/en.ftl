wrote = You wrote: { $text }
