tap-used = Das hast du schon beantwortet.
tap-old = Dieser Knopf ist zu alt. Bitte frag noch einmal.
tap-foreign = Diese Frage war für jemand anderen.
private-only = Das beantworte ich nur in unserem privaten Chat.
