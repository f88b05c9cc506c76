# The AI provider does not answer; what was written is kept.
away = I cannot think clearly right now. Please try again in a minute; I have kept your message.
# It has refused to answer.
refused = I cannot answer that one. Please try to put it differently.
# Completes "/forget – …".
forget-does = forget our conversation
forget-button = Forget our conversation
forget-done = Done. I have forgotten our conversation.
