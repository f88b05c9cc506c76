away = Ich kann gerade nicht klar denken. Bitte versuch es in einer Minute noch einmal; deine Nachricht habe ich behalten.
refused = Darauf kann ich nicht antworten. Bitte versuch es mit anderen Worten.
broke-off = (Der Rest ist nicht angekommen. Bitte mich fortzufahren, wenn du magst.)
too-long = Das ist mir zu lang. Bitte schreib es in höchstens { $limit } Zeichen.
forget-does = unser Gespräch vergessen
forget-button = Unser Gespräch vergessen
forget-done = { $later ->
    [0] Erledigt. Ich habe unser Gespräch und meine Fragen an dich vergessen. Deine Zahlungen, deine Credits und deine Sprache bleiben: /mydata zeigt sie.
    [one] Erledigt. Ich habe unser Gespräch und meine Fragen an dich vergessen und einen Wunsch für später abgesagt. Deine Zahlungen, deine Credits und deine Sprache bleiben: /mydata zeigt sie.
   *[other] Erledigt. Ich habe unser Gespräch und meine Fragen an dich vergessen und { $later } Wünsche für später abgesagt. Deine Zahlungen, deine Credits und deine Sprache bleiben: /mydata zeigt sie.
}
