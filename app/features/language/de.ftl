does = wählen, welche Sprache ich spreche
which = Welche Sprache soll ich sprechen?
as-app = Wie meine App
chosen = Ich spreche jetzt Deutsch.
chosen-app = Ich spreche jetzt wie deine App, also Deutsch.
