//! Scripts as bytecode: the binding writes and reads modules only, so scripts go through the engine's own interface.

use std::ffi::CString;
use std::slice;

use rquickjs::{Ctx, Error, Value, qjs};

/// Compiles a source as a script, in sloppy mode, without running it, and gives its bytecode.
pub fn write(ctx: &Ctx<'_>, source: &str, name: &str) -> rquickjs::Result<Vec<u8>> {
    let (text, name) = (CString::new(source)?, CString::new(name)?);
    let context = ctx.as_raw().as_ptr();
    let flags = qjs::JS_EVAL_TYPE_GLOBAL | qjs::JS_EVAL_FLAG_COMPILE_ONLY;
    // SAFETY: both texts end in NUL and outlive the call, and the length is that of the first without it. The engine
    // hands over what it returns, and `value` frees it.
    let script = unsafe {
        value(ctx, qjs::JS_Eval(context, text.as_ptr(), source.len() as _, name.as_ptr(), flags as i32))?
    };
    let mut length = 0;
    // SAFETY: `script` is alive and of this context. What is returned, if anything, is a block of `length` bytes that
    // is ours to free with the same context.
    unsafe {
        let written =
            qjs::JS_WriteObject(context, &mut length, script.as_raw(), qjs::JS_WRITE_OBJ_BYTECODE as i32);
        if written.is_null() {
            return Err(Error::Exception);
        }
        let bytes = slice::from_raw_parts(written, length as usize).to_vec();
        qjs::js_free(context, written.cast());
        Ok(bytes)
    }
}

/// Runs what [`write`] gave, and gives what the script evaluates to.
///
/// # Safety
/// The engine believes what it reads: these must be bytes that [`write`] gave, under the same version of the engine.
pub unsafe fn run<'js>(ctx: &Ctx<'js>, bytes: &[u8]) -> rquickjs::Result<Value<'js>> {
    let context = ctx.as_raw().as_ptr();
    // SAFETY: the bytes are the engine's own, by this function's contract, and are copied while they are read. `JS_EvalFunction` takes
    // the script that was read and frees it in any case; what it returns is ours.
    unsafe {
        let script =
            qjs::JS_ReadObject(context, bytes.as_ptr(), bytes.len() as _, qjs::JS_READ_OBJ_BYTECODE as i32);
        if qjs::JS_IsException(script) {
            return Err(Error::Exception);
        }
        value(ctx, qjs::JS_EvalFunction(context, script))
    }
}

/// Takes over a value that the engine returned.
///
/// # Safety
/// It must be of this context, and nobody else's to free.
unsafe fn value<'js>(ctx: &Ctx<'js>, raw: qjs::JSValue) -> rquickjs::Result<Value<'js>> {
    // SAFETY: by this function's own contract; an exception needs no freeing.
    unsafe {
        if qjs::JS_IsException(raw) { Err(Error::Exception) } else { Ok(Value::from_raw(ctx.clone(), raw)) }
    }
}
