# The AI provider does not answer; what was written is kept.
away = I cannot think clearly right now. Please try again in a minute; I have kept your message.
# It has refused to answer.
refused = I cannot answer that one. Please try to put it differently.
# Completes "/forget – …".
forget-does = forget our conversation
forget-button = Forget our conversation
# 200 characters at most.
forget-done = Done. I have forgotten our conversation and what I asked you. What you paid, your credits and your language stay: /mydata shows them.
