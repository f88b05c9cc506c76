# Completes "/mydata – …".
does = show all that I keep of you
# $app and $chosen are languages, or "unsaid".
person = I have known you since { $since }. Your app speaks: { $app }. You have chosen: { $chosen }.
person-unknown = I have not noted you yet.
person-called = Telegram calls you { $name }.
person-seen = You were here last on { $day }.
unsaid = nothing
words = { $count ->
    [0] There is nothing of our conversation.
    [one] Our conversation, one message:
   *[other] Our conversation, { $count } messages:
}
words-older = { $count ->
    [one] One older message does not fit here.
   *[other] { $count } older messages do not fit here.
}
said-user = { $at } · you: { $text }
said-assistant = { $at } · I: { $text }
dialog = I have asked you something last ({ $what }): { $state }
question = A question with buttons ({ $what }): { $input }
# $what is the name of a kind of work, such as remind; $input is what it was given.
later = You want it later ({ $what }, { $at }): { $input }
# A picture or video that is wanted, or under way; $text describes it.
render = You have ordered a picture or video ({ $at }): { $text }
download = You have asked for a file ({ $at }): { $link }
file = A file lies ready for you until { $until }: { $name }
unhandled = { $at } · you, and I could not handle it: { $text }
untold = { $at } · I, and it could not be said: { $text }
money = Your money:
# $what are names of categories, such as news.
muted = You do not want to hear of: { $what } (/notify).
orders = { $count ->
    [one] One order of yours is kept.
   *[other] { $count } orders of yours are kept.
}
# Of the chat, in the last days.
answers = { $count ->
    [one] Of one answer it is noted whether it was free, and else what it cost.
   *[other] Of { $count } answers it is noted whether they were free, and else what they cost.
}
received = { $count ->
    [one] It is noted that one broadcast went to you, or will.
   *[other] It is noted that { $count } broadcasts went to you, or will.
}
subscription = Subscription { $plan }: { $state }, paid until { $until }
# Of a plan, and of the trial of one.
access = Plan { $plan }: { $state }, until { $until }
elsewhere =
    What else holds something of you: what you write, as Telegram sent it, until it is handled, and that you wrote, for { $updates } days; what I have to tell you, until it is said; what I could not handle or say, for { $undelivered } days; Telegram's own list of your payments, and notes of what people did with your money by hand.
# /forget is a command.
forget = /forget deletes our conversation, what I have asked you, and what I could not handle or say, and calls off what you want later. Your payments and credits, which of your answers were free, your orders, your name, your language and the day of your last visit stay.
