-about = Schreib mir, und ich antworte. Ich erinnere mich an unser Gespräch, bis du mich bittest, es zu vergessen.
start =
    <b>Hallo, { $name }!</b>

    { -about }
start-nameless =
    <b>Hallo!</b>

    { -about }
help =
    <b>Was ich kann</b>

    Schreib mir irgendetwas, und ich antworte.
    /start – Hallo sagen
    { $commands }
command = /{ $name } – { $does }
help-button = Was kannst du?
help-does = was ich kann
nothing-for-sale = Hier gibt es noch nichts zu kaufen. Dir wurde nichts berechnet.
unknown-command = Diesen Befehl kenne ich nicht. /help zeigt die, die ich kenne.
# A person has switched something off for a while.
closed = Das ist gerade abgeschaltet. Bitte versuche es später noch einmal.
