import os

import jwt
import uvicorn
from fastapi import Depends, FastAPI
from fastapi.responses import JSONResponse
from fastapi.security import HTTPBearer

app = FastAPI()
# docs/trust.md: PyJWT, python
# docs/trust.md: FastAPI, python


@app.get("/")
def get(user=Depends(user)):
    return user["sub"]


uvicorn.run(app, port=int(os.environ["PORT"]), log_level="warning")
