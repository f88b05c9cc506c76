# The AI provider does not answer; what was written is kept.
away = I cannot think clearly right now. Please try again in a minute; I have kept your message.
# It has refused to answer.
refused = I cannot answer that one. Please try to put it differently.
# Below an answer of which the rest never came.
broke-off = (The rest did not arrive. Ask me to go on, if you like.)
too-long = That is too long for me. Please write it in { $limit } characters or fewer.
# No free answer is left today, and too few credits. $most: what the answer may cost; $available: what there is.
broke = An answer may cost up to { $most ->
    [one] { $most } credit
   *[other] { $most } credits
}, and you have { $available }: /topup. Free answers are back in { $hours ->
    [one] { $hours } hour
   *[other] { $hours } hours
}.
# The same where no answer is free.
broke-always = An answer may cost up to { $most ->
    [one] { $most } credit
   *[other] { $most } credits
}, and you have { $available }: /topup
# After "away" and "refused", where credits had been set aside.
not-charged = You have not been charged.
# Below an answer.
last-free = (Your last free answer today. The next ones cost credits: /balance)
paid = (You paid { $price ->
    [one] { $price } credit
   *[other] { $price } credits
} for this.)
# It broke off, or the provider has not said what it took: charged by its length.
paid-estimated = (You paid { $price ->
    [one] { $price } credit
   *[other] { $price } credits
} for this, by the length of what arrived.)
# Completes "/forget – …".
forget-does = forget our conversation
forget-button = Forget our conversation
# 200 characters at most. $later: how much was called off that was wished for later, such as reminders.
forget-done = { $later ->
    [0] Done. I have forgotten our conversation and what I asked you. What you paid, your credits and your language stay: /mydata shows them.
    [one] Done. I have forgotten our conversation and what I asked you, and called off one thing that you wanted later. What you paid, your credits and your language stay: /mydata shows them.
   *[other] Done. I have forgotten our conversation and what I asked you, and called off { $later } things that you wanted later. What you paid, your credits and your language stay: /mydata shows them.
}
