FROM node:24-slim AS build
WORKDIR /build
COPY package.json package-lock.json .npmrc ./
RUN npm ci
COPY build.mjs group-chunks.mjs lazy-schemas.mjs tsconfig.json ./
COPY src ./src
RUN npm run build

# Only the bundle and the documents that ship with it: no node_modules, no source, nothing that must be written to.
FROM node:24-slim
ENV NODE_ENV=production
COPY LICENSE /app/LICENSE
COPY specs /app/specs
COPY --from=build /build/dist /app/dist
# Documents and the config file are mounted here; it is also the only folder whose files a call may send.
WORKDIR /data
USER node
ENTRYPOINT ["node", "/app/dist/actionbridge.mjs"]
CMD ["serve"]
