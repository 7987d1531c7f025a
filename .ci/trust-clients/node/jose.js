import { createServer } from 'node:http'
// docs/trust.md: jose, js

const server = createServer(async (request, response) => {
  const token = request.headers.authorization?.replace('Bearer ', '')
  response.statusCode = await verify(token).then(() => 200, error => (error.code?.startsWith('ERR_J') ? 401 : 500))
  response.end()
})
server.listen(process.env.PORT, 'localhost')
