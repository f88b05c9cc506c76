does-image = ein Bild von dem, was du beschreibst
does-video = ein kurzes Video von dem, was du beschreibst
usage-image = Beschreib das Bild, zum Beispiel: /image ein Leuchtturm im Sturm, Ölgemälde
usage-video = Beschreib das Video, zum Beispiel: /video Wellen, die an einen Strand rollen
private = Schreib mir dafür privat.
too-long = Das ist zu lang. Beschreib es in höchstens { $limit } Zeichen.
quote-image = Ein Bild davon kostet { $price ->
    [one] { $price } Credit
   *[other] { $price } Credits
}. Du zahlst erst, wenn du es hast.
quote-video = Ein Video davon kostet { $price ->
    [one] { $price } Credit
   *[other] { $price } Credits
}. Du zahlst erst, wenn du es hast.
make = Für { $price } machen
leave = Nein, danke
left = In Ordnung: nichts wird gemacht, nichts wird berechnet.
running = Es ist schon eines für dich in Arbeit. Ein weiteres wurde dir nicht berechnet.
busy = Im Moment sind zu viele in Arbeit. Dir wurde nichts berechnet; bitte versuch es in ein paar Minuten noch einmal.
missing = Dir fehlen { $missing ->
    [one] { $missing } Credit
   *[other] { $missing } Credits
}. Lade innerhalb einer halben Stunde mit /topup auf, dann wird es von selbst gemacht.
begun = Abgemacht.
ordered = Dein Auftrag ist da. { $price ->
    [one] { $price } Credit ist reserviert und wird
   *[other] { $price } Credits sind reserviert und werden
} erst berechnet, wenn du das Ergebnis hast.
waits = Der Renderer ist beschäftigt; deines beginnt, sobald es geht. { $price ->
    [one] { $price } Credit bleibt
   *[other] { $price } Credits bleiben
} reserviert.
progress = In Arbeit: { $percent } %. { $price ->
    [one] { $price } Credit ist
   *[other] { $price } Credits sind
} reserviert.
again = Beim ersten Mal hat es nicht geklappt, es wird noch einmal versucht. { $price ->
    [one] { $price } Credit bleibt
   *[other] { $price } Credits bleiben
} reserviert.
instead = Das Video hat nicht geklappt, stattdessen wird ein Bild gemacht. Du zahlst dafür { $price ->
    [one] { $price } Credit
   *[other] { $price } Credits
}; der Rest geht an dich zurück.
ready = Es ist fertig und auf dem Weg zu dir. { $price ->
    [one] { $price } Credit bleibt
   *[other] { $price } Credits bleiben
} reserviert, bis es da ist.
cancel = Abbrechen
too-late = Zum Abbrechen ist es zu spät: es ist fertig oder vorbei.
cancelled = Abgebrochen. { $price ->
    [one] Dein { $price } Credit ist
   *[other] Deine { $price } Credits sind
} wieder da.
caption-image = Dein Bild.
caption-video = Dein Video.
caption-again = (noch einmal: es war nicht sicher, ob es angekommen ist; du zahlst einmal)
delivered = Fertig. Du hast { $price ->
    [one] { $price } Credit
   *[other] { $price } Credits
} bezahlt; { $left } sind übrig.
failed-late = Es hat zu lange gedauert und wurde beendet. { $price ->
    [one] Dein { $price } Credit ist
   *[other] Deine { $price } Credits sind
} wieder da.
failed-failed = Es konnte nicht gemacht werden. { $price ->
    [one] Dein { $price } Credit ist
   *[other] Deine { $price } Credits sind
} wieder da.
failed-moderated = Der Renderer lehnt das ab. { $price ->
    [one] Dein { $price } Credit ist
   *[other] Deine { $price } Credits sind
} wieder da. Bitte beschreib etwas anderes.
failed-empty = Im Moment kann nichts gemacht werden, und jemand weiß davon. { $price ->
    [one] Dein { $price } Credit ist
   *[other] Deine { $price } Credits sind
} wieder da.
failed-refused = Der Renderer hat das nicht angenommen. { $price ->
    [one] Dein { $price } Credit ist
   *[other] Deine { $price } Credits sind
} wieder da. Bitte beschreib es anders.
failed-lost = Der Renderer hat deinen Auftrag verloren. { $price ->
    [one] Dein { $price } Credit ist
   *[other] Deine { $price } Credits sind
} wieder da.
failed-gone = Es wurde gemacht, konnte aber nicht geholt werden. { $price ->
    [one] Dein { $price } Credit ist
   *[other] Deine { $price } Credits sind
} wieder da.
failed-unknown = Es ist nicht sicher, ob es bei dir angekommen ist. { $price ->
    [one] Dein { $price } Credit ist
   *[other] Deine { $price } Credits sind
} wieder da; hast du es, behalte es.
failed-running = Es ist ein anderes für dich in Arbeit, darum wurde dieses nicht begonnen. { $price ->
    [one] Dein { $price } Credit ist
   *[other] Deine { $price } Credits sind
} wieder da.
failed-off = Das kann nicht mehr gemacht werden. { $price ->
    [one] Dein { $price } Credit ist
   *[other] Deine { $price } Credits sind
} wieder da.
offer-image = Möchtest du stattdessen ein Bild davon, für { $price ->
    [one] { $price } Credit
   *[other] { $price } Credits
}?
offer-make = Ein Bild für { $price }
