# The simulated world (Telegram, OpenRouter) for `pulumi up -s local`. Never part of the bot's image, and never pushed.
# With BuildKit: what is left out of the context is in a file of this one's own name, which the classic builder ignores.

FROM node:24.21.0-trixie-slim@sha256:8ec5d7557396cfe32d21c3f9c13072355ceab22b584578ca4bb28af31120cffe
WORKDIR /srv
COPY package.json package-lock.json .npmrc ./
RUN npm ci --omit=dev --ignore-scripts
COPY posture posture
COPY local local
# Whatever umask the checkout had.
RUN chmod -R u=rwX,go=rX posture local
USER 1000:1000
ENTRYPOINT ["node"]
CMD ["local/world/main.ts"]
