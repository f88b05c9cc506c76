# Completes "/language – …".
does = choose the language that I speak
which = Which language shall I speak?
# On a button: the language of the person's Telegram app.
as-app = As my app does
chosen = I speak English now.
chosen-app = I speak as your app does now; English where I do not know its language.
