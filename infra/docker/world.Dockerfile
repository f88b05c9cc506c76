# syntax=docker/dockerfile:1
#
# The simulated world (Telegram, OpenRouter) for `pulumi up -s local`. Never part of the bot's image, and never pushed.

FROM node:24-bookworm-slim
WORKDIR /srv
COPY package.json package-lock.json .npmrc ./
RUN npm ci --omit=dev --ignore-scripts
COPY posture posture
COPY local local
USER 1000:1000
ENTRYPOINT ["node"]
CMD ["local/world/main.ts"]
