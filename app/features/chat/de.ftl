away = Ich kann gerade nicht klar denken. Bitte versuch es in einer Minute noch einmal; deine Nachricht habe ich behalten.
refused = Darauf kann ich nicht antworten. Bitte versuch es mit anderen Worten.
broke-off = (Der Rest ist nicht angekommen. Bitte mich fortzufahren, wenn du magst.)
too-long = Das ist mir zu lang. Bitte schreib es in höchstens { $limit } Zeichen.
broke = Eine Antwort kann bis zu { $most ->
    [one] { $most } Credit
   *[other] { $most } Credits
} kosten, und du hast { $available }: /topup. Kostenlose Antworten gibt es wieder in { $hours ->
    [one] { $hours } Stunde
   *[other] { $hours } Stunden
}.
broke-always = Eine Antwort kann bis zu { $most ->
    [one] { $most } Credit
   *[other] { $most } Credits
} kosten, und du hast { $available }: /topup
not-charged = Dir wurde nichts berechnet.
last-free = (Deine letzte kostenlose Antwort für heute. Weitere kosten Credits: /balance)
paid = (Du hast dafür { $price ->
    [one] { $price } Credit
   *[other] { $price } Credits
} bezahlt.)
paid-estimated = (Du hast dafür { $price ->
    [one] { $price } Credit
   *[other] { $price } Credits
} bezahlt, nach der Länge dessen, was angekommen ist.)
forget-does = unser Gespräch vergessen
forget-button = Unser Gespräch vergessen
forget-done = { $later ->
    [0] Erledigt. Ich habe unser Gespräch und meine Fragen an dich vergessen. Deine Zahlungen, deine Credits und deine Sprache bleiben: /mydata zeigt sie.
    [one] Erledigt. Ich habe unser Gespräch und meine Fragen an dich vergessen und einen Wunsch für später abgesagt. Deine Zahlungen, deine Credits und deine Sprache bleiben: /mydata zeigt sie.
   *[other] Erledigt. Ich habe unser Gespräch und meine Fragen an dich vergessen und { $later } Wünsche für später abgesagt. Deine Zahlungen, deine Credits und deine Sprache bleiben: /mydata zeigt sie.
}
