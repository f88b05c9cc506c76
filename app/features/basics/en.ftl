-about = Write to me and I answer. I remember what we talked about until you ask me to forget it.
start =
    <b>Hello, { $name }!</b>

    { -about }
start-nameless =
    <b>Hello!</b>

    { -about }
# $commands: a line each, as "command" says it.
help =
    <b>What I can do</b>

    Write me anything, and I answer.
    /start – say hello
    { $commands }
command = /{ $name } – { $does }
help-button = What can you do?
help-does = what I can do
nothing-for-sale = There is nothing for sale here yet. You have not been charged.
unknown-command = I do not know that command. /help lists those I know.
# A person has switched something off for a while.
closed = This is switched off just now. Please try again later.
