does = alles zeigen, was ich von dir aufbewahre
person = Ich kenne dich seit { $since }. Deine App spricht: { $app }. Du hast gewählt: { $chosen }.
person-unknown = Ich habe dich noch nicht vermerkt.
unsaid = nichts
words = { $count ->
    [0] Von unserem Gespräch ist nichts da.
    [one] Unser Gespräch, eine Nachricht:
   *[other] Unser Gespräch, { $count } Nachrichten:
}
words-older = { $count ->
    [one] Eine ältere Nachricht passt nicht hierher.
   *[other] { $count } ältere Nachrichten passen nicht hierher.
}
said-user = { $at } · du: { $text }
said-assistant = { $at } · ich: { $text }
dialog = Zuletzt habe ich dich etwas gefragt ({ $what }): { $state }
question = Eine Frage mit Knöpfen ({ $what }): { $input }
money = Dein Geld:
orders = { $count ->
    [one] Eine Bestellung von dir ist aufbewahrt.
   *[other] { $count } Bestellungen von dir sind aufbewahrt.
}
subscription = Abo { $plan }: { $state }, bezahlt bis { $until }
elsewhere =
    Wo sonst etwas von dir ist: was du schreibst, wie Telegram es schickte, { $updates } Tage lang; was ich dir zu sagen habe, bis es gesagt ist, und wo das nicht ging, { $undelivered } Tage lang; Erinnerungen, bis sie fällig sind; Telegrams eigene Liste deiner Zahlungen, und Vermerke, was Menschen von Hand mit deinem Geld taten.
forget = /forget löscht unser Gespräch und was ich dich gefragt habe. Deine Zahlungen und Credits, deine Bestellungen und deine Sprache bleiben.
