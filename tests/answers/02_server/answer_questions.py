"""Answers to exercise 2.2, “Answer questions, survive everything else”."""

import json
import time

from websockets.exceptions import ConnectionClosed

NO_QUESTION = json.dumps({"error": "not a question"})


def answer(data):
    return json.dumps({"id": data["id"], "answer": data["question"].upper()})


# %% right: match
def reply_to(message):
    try:
        match json.loads(message):
            case {"id": id, "question": str(question)}:
                return {"answer": question.upper(), "id": id}
    except json.JSONDecodeError as error:
        print(f"Invalid JSON message: {error}")
    return {"error": "not a question"}


async def answer_questions(ws):
    async for message in ws:
        await ws.send(json.dumps(reply_to(message), separators=(",", ":"), ensure_ascii=False))


# %% right: isinstance()
async def answer_questions(ws):
    try:
        while True:
            message = await ws.recv()
            reply = {"error": "not a question"}
            try:
                data = json.loads(message)
            except ValueError:
                pass
            else:
                if (
                    isinstance(data, dict)
                    and "id" in data
                    and isinstance(data.get("question"), str)
                ):
                    reply = dict(id=data["id"], answer=data["question"].upper())
            await ws.send(json.dumps(reply, indent=2))
    except ConnectionClosed:
        pass


# %% wrong: str() instead of json.dumps()
# breaks first: the answer is the JSON text `{"id": …, "answer": …}`
async def answer_questions(ws):
    async for message in ws:
        try:
            data = json.loads(message)
            reply = {"id": data["id"], "answer": data["question"].upper()}
        except (ValueError, KeyError, TypeError, AttributeError):
            reply = {"error": "not a question"}
        await ws.send(str(reply))


# %% wrong: bytes
# breaks first: the answer is the JSON text `{"id": …, "answer": …}`
async def answer_questions(ws):
    async for message in ws:
        try:
            data = json.loads(message)
            reply = {"id": data["id"], "answer": data["question"].upper()}
        except (ValueError, KeyError, TypeError, AttributeError):
            reply = {"error": "not a question"}
        await ws.send(json.dumps(reply).encode())


# %% wrong: a dict is given to send()
# breaks first: the answer is the JSON text `{"id": …, "answer": …}`
# finding: the connection was closed
async def answer_questions(ws):
    async for message in ws:
        data = json.loads(message)
        await ws.send({"id": data["id"], "answer": data["question"].upper()})


# %% wrong: the question comes back as well
# breaks: the answer is the JSON text `{"id": …, "answer": …}`
async def answer_questions(ws):
    async for message in ws:
        try:
            data = json.loads(message)
            await ws.send(
                json.dumps({"id": data["id"], **data, "answer": data["question"].upper()})
            )
        except (ValueError, KeyError, TypeError, AttributeError):
            await ws.send(NO_QUESTION)


# %% wrong: it counts
# breaks: with the same id
async def answer_questions(ws):
    number = 6
    async for message in ws:
        number += 1
        try:
            data = json.loads(message)
            reply = {"id": data["id"] and number, "answer": data["question"].upper()}
        except (ValueError, KeyError, TypeError, AttributeError):
            reply = {"error": "not a question"}
        await ws.send(json.dumps(reply))


# %% wrong: the id becomes text
# breaks: with the same id
async def answer_questions(ws):
    async for message in ws:
        try:
            data = json.loads(message)
            await ws.send(json.dumps({"id": str(data["id"]), "answer": data["question"].upper()}))
        except (ValueError, KeyError, TypeError, AttributeError):
            await ws.send(NO_QUESTION)


# %% wrong: an id of 0 is taken for none
# breaks: with the same id
async def answer_questions(ws):
    async for message in ws:
        try:
            data = json.loads(message)
            await ws.send(answer(data) if data["id"] else NO_QUESTION)
        except (ValueError, KeyError, TypeError, AttributeError):
            await ws.send(NO_QUESTION)


# %% wrong: always the same answer
# breaks: the question in capital letters
async def answer_questions(ws):
    async for message in ws:
        try:
            data = json.loads(message)
            data["question"].upper()
            reply = {"id": data["id"], "answer": "HOW ARE YOU?"}
        except (ValueError, KeyError, TypeError, AttributeError):
            reply = {"error": "not a question"}
        await ws.send(json.dumps(reply))


# %% wrong: an empty question is none
# breaks: the question in capital letters
async def answer_questions(ws):
    async for message in ws:
        try:
            data = json.loads(message)
            await ws.send(answer(data) if data["question"] else NO_QUESTION)
        except (ValueError, KeyError, TypeError, AttributeError):
            await ws.send(NO_QUESTION)


# %% wrong: put together by hand
# breaks first: with the same id
async def answer_questions(ws):
    async for message in ws:
        try:
            data = json.loads(message)
            id = f'"{data["id"]}"' if isinstance(data["id"], str) else data["id"]
            await ws.send(f'{{"id": {id}, "answer": "{data["question"].upper()}"}}')
        except (ValueError, KeyError, TypeError, AttributeError):
            await ws.send(NO_QUESTION)


# %% wrong: the answer put together by hand
# breaks: the question in capital letters
async def answer_questions(ws):
    async for message in ws:
        try:
            data = json.loads(message)
            id = json.dumps(data["id"])
            await ws.send(f'{{"id": {id}, "answer": "{data["question"].upper()}"}}')
        except (ValueError, KeyError, TypeError, AttributeError):
            await ws.send(NO_QUESTION)


# %% wrong: no try
# breaks: Any other text is answered with `{"error": "not a question"}`
# finding: what is not JSON
async def answer_questions(ws):
    async for message in ws:
        await ws.send(answer(json.loads(message)))


# %% wrong: JSON of another shape ends it
# breaks: Any other text is answered with `{"error": "not a question"}`
# finding: JSON that is no object
async def answer_questions(ws):
    async for message in ws:
        try:
            data = json.loads(message)
        except json.JSONDecodeError:
            await ws.send(NO_QUESTION)
            continue
        await ws.send(answer(data))


# %% wrong: a number is asked as well
# breaks: Any other text is answered with `{"error": "not a question"}`
# finding: a question that is no string
async def answer_questions(ws):
    async for message in ws:
        try:
            data = json.loads(message)
            reply = {"id": data["id"], "answer": str(data["question"]).upper()}
        except (ValueError, KeyError, TypeError):
            reply = {"error": "not a question"}
        await ws.send(json.dumps(reply))


# %% wrong: no answer to what is no question
# breaks: Any other text is answered with `{"error": "not a question"}`
async def answer_questions(ws):
    async for message in ws:
        try:
            await ws.send(answer(json.loads(message)))
        except (ValueError, KeyError, TypeError, AttributeError):
            continue


# %% wrong: a word of its own
# breaks: Any other text is answered with `{"error": "not a question"}`
async def answer_questions(ws):
    async for message in ws:
        try:
            await ws.send(answer(json.loads(message)))
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            await ws.send(json.dumps({"error": str(error)}))


# %% wrong: the loop is in try
# breaks: and the conversation goes on
async def answer_questions(ws):
    try:
        async for message in ws:
            await ws.send(answer(json.loads(message)))
    except (ValueError, KeyError, TypeError, AttributeError):
        await ws.send(NO_QUESTION)


# %% wrong: one question only
# breaks: and the conversation goes on
async def answer_questions(ws):
    try:
        await ws.send(answer(json.loads(await ws.recv())))
    except (ValueError, KeyError, TypeError, AttributeError):
        await ws.send(NO_QUESTION)


# %% wrong: it blocks
# breaks: no client waits for another
async def answer_questions(ws):
    async for message in ws:
        try:
            reply = answer(json.loads(message))
        except (ValueError, KeyError, TypeError, AttributeError):
            reply = NO_QUESTION
        time.sleep(0.02)  # noqa: ASYNC251
        await ws.send(reply)
