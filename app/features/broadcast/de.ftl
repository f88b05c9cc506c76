broadcast-does = allen schreiben, oder einigen
usage = Schreib /broadcast allein für einen neuen Rundruf oder den Stand des letzten; /broadcast pause, resume, cancel oder edit für den letzten; /broadcast new für einen weiteren.
what = Was soll ich den Leuten sagen? Antworte mit dem Text, formatiert wie du magst oder als HTML, oder mit einem Foto und dem, was darunter steht. Niemand bekommt etwas, bevor du es gesehen hast.
what-instead = Was soll stattdessen dort stehen? Antworte mit dem ganzen neuen Text.
no-content = Senden kann ich einen Text, oder ein Foto mit einem Text darunter. Antworte mit einem davon.
bad-html = Telegram kann das HTML bei „{ $near }“ nicht lesen: Jedes geöffnete Tag muss geschlossen werden, und < & schreibt man &lt; &amp;. Antworte noch einmal mit dem Text.
bad-content = Telegram nimmt diese Nachricht nicht an. Antworte mit einer anderen.
words-alone = Ein Foto kann nicht an die Stelle dessen treten, was hinausging. Antworte mit dem Text allein.
everyone = Alle
active-1 = Heute hier
active-7 = In 7 Tagen hier
active-30 = In 30 Tagen hier
paid = Haben bezahlt
credits = Haben Credits
all-languages = Alle Sprachen
news = Neuigkeiten
offers = Angebote
service = Wichtiges
card =
    Oben steht, was die Leute sehen werden. Es geht an: { $segment } · { $language }.
    Thema: { $category }. Wer das nicht möchte, bekommt nichts; Wichtiges erreicht alle.
reach = { $count ->
    [0] Das ist niemand.
    [one] Das ist eine Person.
   *[other] Das sind { $count } Personen, in etwa { $minutes ->
        [one] einer Minute
       *[other] { $minutes } Minuten
    }.
}
no-pace = Die Posture gibt Rundrufen nichts von der Rate (providers.telegram.rate.broadcast ist 0): Keiner geht hinaus.
test = Noch einmal zeigen
discard = Verwerfen
send = { $count ->
    [one] An eine Person senden …
   *[other] An { $count } Personen senden …
}
confirm = Jetzt an { $count ->
    [one] eine Person
   *[other] { $count } Personen
} senden? Höchstens { $pace } in der Sekunde, etwa { $minutes ->
    [one] eine Minute
   *[other] { $minutes } Minuten
} lang. Du kannst anhalten oder abbrechen.
yes = { $count ->
    [one] Ja, an eine Person senden
   *[other] Ja, an { $count } Personen senden
}
back = Zurück
busy = Ein anderer Rundruf ist unterwegs. Warte auf sein Ende, halte ihn an oder brich ihn ab.
draft-stale = Das wurde schon geändert oder gesendet. /broadcast sagt, wie es steht.
draft-discarded = Verworfen. Es wurde nichts gesendet.
draft-started = Es geht hinaus. Eine eigene Nachricht sagt, wie weit es ist.
instead = Das an die Stelle des letzten Rundrufs setzen, wo { $count ->
    [one] eine Person ihn hat
   *[other] { $count } Personen ihn haben
}?
change = Ändern
leave = So lassen
instead-done = Es wird geändert. Eine eigene Nachricht sagt, wie weit es ist.
instead-left = So gelassen, wie es ist.
instead-busy = Ein anderer Rundruf ist unterwegs. Warte auf sein Ende, halte ihn an oder brich ihn ab, und antworte noch einmal nach /broadcast edit.
instead-stale = Das wurde schon entschieden.
instead-nothing = Er lässt sich nicht mehr ändern. /broadcast sagt, wie es steht.
nothing-to-edit = Es gibt keinen Rundruf, der zu Ende ist und jemanden erreicht hat, also nichts zu ändern.
preparing = Rundruf: { $state ->
    [paused] angehalten
    [stopped] gestoppt
    [cancelled] abgebrochen
   *[running] sucht, für wen er ist
}, { $recipients } bisher gefunden
progress = Rundruf: { $state ->
    [paused] angehalten
    [stopped] gestoppt
    [cancelled] abgebrochen
    [done] fertig
   *[running] unterwegs
}. { $sent } von { $recipients } haben ihn, { $left } warten.
editing = Änderung des letzten Rundrufs: { $state ->
    [paused] angehalten
    [stopped] gestoppt
    [cancelled] abgebrochen
    [done] fertig
   *[running] läuft
}. { $edited } von { $all } geändert, { $unedited } ließen sich nicht ändern.
not-there = Nicht da: { $blocked } haben den Bot blockiert, { $gone } sind fort.
unknown = { $count ->
    [one] Bei einer Nachricht weiß niemand, ob sie ankam; sie geht nicht noch einmal hinaus.
   *[other] Bei { $count } Nachrichten weiß niemand, ob sie ankamen; sie gehen nicht noch einmal hinaus.
}
failed = { $count ->
    [one] Eine wurde abgelehnt.
   *[other] { $count } wurden abgelehnt.
}
left-out = { $count ->
    [one] Eine Person wollte ihn nicht mehr.
   *[other] { $count } Personen wollten ihn nicht mehr.
}
why-content = Telegram lehnt ab, was er sagt, also wird niemandem mehr geschrieben. Brich ihn ab und schreib ihn neu.
why-restored = Die Datenbank wurde zurückgesetzt, und manche haben ihn vielleicht, die hier nicht gezählt sind. Mach nur weiter, wenn sie ihn zweimal bekommen dürfen.
button-pause = Anhalten
button-resume = Weiter
button-cancel = Abbrechen
under-way = /broadcast pause, /broadcast resume, /broadcast cancel. Ein weiterer: /broadcast new.
steered-done = Erledigt. Seine Nachricht sagt, wie es steht.
steered-busy = Ein anderer Rundruf ist unterwegs. Warte auf sein Ende, halte ihn an oder brich ihn ab.
steered-stale = Das wurde schon entschieden. /broadcast sagt, wie es steht.
steered-nothing = Dergleichen gibt es nicht zu tun. /broadcast sagt, wie es steht.
fewer = Nicht mehr davon
notify-does = worüber ich dir schreiben darf
notify = Worüber darf ich dir ungefragt schreiben? Ein Tipp schaltet um. Was dein Geld betrifft, worum du gebeten hast und was alle wissen müssen, erreicht dich in jedem Fall.
muted = { $what }: nicht mehr davon. /notify bringt sie zurück.
unmuted = { $what }: Du bekommst sie wieder.
