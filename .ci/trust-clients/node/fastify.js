import fastify from 'fastify'

const app = fastify()
// docs/trust.md: Fastify, js
app.get('/', () => 'accepted')
app.listen({ port: process.env.PORT, host: 'localhost' })
