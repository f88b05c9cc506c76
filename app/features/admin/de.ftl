stats-does = wie der Bot steht
people = Menschen: { $count }{ $blocked ->
    [0] {""}
    [one] , davon hat eine Person den Bot blockiert
   *[other] , davon haben { $blocked } den Bot blockiert
}
active = Aktiv: { $today } heute, { $week } in 7 Tagen, { $month } in 30 Tagen
paid = Haben bezahlt: { $count }
credits = Credits: { $available } bei den Leuten, { $held } reserviert, { $owed } geschuldet
waiting = Updates: { $updates } warten, { $chats } Chats in Arbeit, { $parked } geparkt
given-up = Aufgegeben: { $jobs } Aufträge, { $messages } Nachrichten; { $unknown } Sendungen mit unbekanntem Ausgang
well = Zustand: Alles ist in Ordnung.
not-well = Zustand: { $count ->
    [one] Eine Sache ist nicht in Ordnung
   *[other] { $count } Dinge sind nicht in Ordnung
}. „npm run ops -- status“ und die Zustandsseite nennen sie.
held-back = Nichts geht hinaus: Die Datenbank wurde zurückgesetzt oder angehalten. Ein Mensch beendet das mit „npm run ops -- resume“.
switched-off = Abgeschaltet: { $names }
user-does = was von jemandem bekannt ist: /user ID oder /user @name
user-usage = Schreib: /user und eine Telegram-ID oder einen @Namen, zum Beispiel /user 501 oder /user @ada.
user-unknown = Niemand namens { $who } hat diesem Bot geschrieben.
user-several = So hießen mehrere: { $who }. Frag nach einer ID: { $ids }.
user = Person { $who }
user-named = Person { $who } ({ $name })
since = Bekannt seit { $since }, zuletzt hier { $seen }, spricht { $language }.
seen-never = zu einer Zeit, die nicht notiert ist
seen-today = heute
seen-days = { $count ->
    [one] gestern
   *[other] vor { $count } Tagen
}
has-blocked = Hat den Bot blockiert oder ist fort: bemerkt { $since }.
balance = Credits: { $available } verfügbar, { $held } reserviert, { $owed } geschuldet
payments = { $count ->
    [0] Keine Zahlungen.
    [one] Eine Zahlung:
   *[other] { $count } Zahlungen, die letzten:
}
payment = { $at } · { $receipt } · { $credits } Credits · { $state ->
    [parked] wartet auf einen Menschen
    [refunding] auf dem Weg zurück
    [refunded] erstattet
    [taken-back] wurde zurückgenommen
   *[credited] gutgeschrieben
}
subscription = Abo { $plan }: { $state ->
    [active] aktiv
    [canceled] gekündigt
    [failed] die Verlängerung konnte noch nicht bezahlt werden
   *[ended] beendet
}, bezahlt bis { $until }
access = Plan { $plan }: { $state ->
    [trial] zur Probe bis { $until }
    [active] bezahlt bis { $until }
    [grace] nicht wieder bezahlt, bleibt bis { $until }
    [cancelled] bezahlt bis { $until }, wird nicht verlängert
   *[expired] vorbei seit { $until }
}{ $unconfirmed ->
    [0] {""}
   *[other] . Der Anbieter hat das noch nicht bestätigt.
}
waits-for-people = Wartet auf einen Menschen: { $updates } Updates, { $messages } Nachrichten. „npm run ops -- status“ zeigt sie.
flags-does = was an- und abgeschaltet ist
flags = Was angeschaltet ist:
flag-on = ● { $name }
flag-off = ○ { $name }
flag-off-posture = – { $name }, aus laut Posture: Kein Schalter stellt es an
flag-others = Aufträge und Zeitpläne, die aus sind: { $names }
flags-foot = Ein Tipp schaltet um. Für andere, oder mit Grund: /flags off NAME warum, /flags on NAME warum.
flags-look = Ein Inhaber schaltet sie.
turn-on = { $name } anschalten
turn-off = { $name } abschalten
turned-on = { $name } ist angeschaltet: überall binnen 5 Sekunden.
turned-off = { $name } ist abgeschaltet: überall binnen 5 Sekunden. Was begonnen wurde, geht zu Ende.
flags-usage = Schreib: /flags off NAME warum, oder /flags on NAME warum.
flag-unknown = Es gibt keinen Schalter { $name }. Meintest du { $nearest }?
flag-in-vain = Die Posture hat { $name } abgeschaltet, und kein Schalter stellt das an.
flag-own = Damit wären diese Befehle fort, und niemand könnte sie hier wieder anschalten: npm run ops -- flag off admin.
