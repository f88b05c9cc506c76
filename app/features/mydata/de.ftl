does = alles zeigen, was ich von dir aufbewahre
person = Ich kenne dich seit { $since }. Deine App spricht: { $app }. Du hast gewählt: { $chosen }.
person-unknown = Ich habe dich noch nicht vermerkt.
person-called = Telegram nennt dich { $name }.
person-seen = Zuletzt warst du am { $day } hier.
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
later = Du willst es später ({ $what }, { $at }): { $input }
render = Du hast ein Bild oder Video bestellt ({ $at }): { $text }
download = Du hast um eine Datei gebeten ({ $at }): { $link }
file = Eine Datei liegt für dich bereit bis { $until }: { $name }
unhandled = { $at } · du, und ich konnte nichts damit anfangen: { $text }
untold = { $at } · ich, und es ließ sich nicht sagen: { $text }
money = Dein Geld:
muted = Davon möchtest du nichts hören: { $what } (/notify).
orders = { $count ->
    [one] Eine Bestellung von dir ist aufbewahrt.
   *[other] { $count } Bestellungen von dir sind aufbewahrt.
}
answers = { $count ->
    [one] Bei einer Antwort ist notiert, ob sie kostenlos war, und sonst, was sie kostete.
   *[other] Bei { $count } Antworten ist notiert, ob sie kostenlos waren, und sonst, was sie kosteten.
}
received = { $count ->
    [one] Notiert ist, dass ein Rundruf an dich ging oder geht.
   *[other] Notiert ist, dass { $count } Rundrufe an dich gingen oder gehen.
}
subscription = Abo { $plan }: { $state }, bezahlt bis { $until }
access = Plan { $plan }: { $state }, bis { $until }
elsewhere =
    Wo sonst etwas von dir ist: was du schreibst, wie Telegram es schickte, bis es bearbeitet ist, und dass du schriebst, { $updates } Tage lang; was ich dir zu sagen habe, bis es gesagt ist; was ich nicht bearbeiten oder sagen konnte, { $undelivered } Tage lang; Telegrams eigene Liste deiner Zahlungen, und Vermerke, was Menschen von Hand mit deinem Geld taten.
forget = /forget löscht unser Gespräch, was ich dich gefragt habe und was ich nicht bearbeiten oder sagen konnte, und sagt ab, was du später willst. Deine Zahlungen und Credits, welche deiner Antworten kostenlos waren, deine Bestellungen, dein Name, deine Sprache und der Tag deines letzten Besuchs bleiben.
