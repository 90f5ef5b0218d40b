-- What wrk sends: one request again and again, or one whose body has a new ID or the next refresh token in the place of `@`.

wrk.method = os.getenv("METHOD")
wrk.path = os.getenv("TARGET")
wrk.body = os.getenv("BODY")
wrk.headers["Authorization"] = os.getenv("AUTHORIZATION")
wrk.headers["Content-Type"] = os.getenv("CONTENT_TYPE")

local function request_with(text)
   return wrk.format(nil, nil, nil, (wrk.body:gsub("@", text)))
end

-- Each client gets an ID of its own.
local function register(prefix)
   local number = 0

   function request()
      number = number + 1
      return request_with(prefix .. number)
   end
end

-- Each reply brings a token for a later request. There are more tokens than connections, so one is always there.
local function refresh(file)
   local tokens, first, last = {}, 1, 0

   local function keep(token)
      last = last + 1
      tokens[last] = token
   end

   for token in io.lines(file) do
      keep(token)
   end

   function request()
      local token = assert(tokens[first], "no refresh token is left: some were refused")
      tokens[first] = nil
      first = first + 1
      return request_with(token)
   end

   function response(status, headers, body)
      keep(body:match('"refresh_token":"([^"]+)"'))
   end
end

if os.getenv("PREFIX") then
   register(os.getenv("PREFIX"))
elseif os.getenv("TOKENS") then
   refresh(os.getenv("TOKENS"))
end
