//! What transformed scripts call: written from what the TypeScript handbook says of decorators.
//!
//! The transformer asks for a module for each helper; what it asks for is replaced by a declaration
//! in the script itself.

/// The module that the transformer is told the helpers are in.
pub(super) const MODULE: &str = "\u{1}helpers";

/// What makes of a module's namespace what `require` gives, where the module is a CommonJS script: its names are then
/// members of its default. A function stays one that can be called, and has a member `default` if it had none.
pub(super) const IMPORT_STAR: &str = "function(names){\
     var value;\
     try{value=names.default}catch(error){return names}\
     var isFunction=typeof value===\"function\";\
     if(value===null||!isFunction&&typeof value!==\"object\")return names;\
     for(var name of Object.keys(names))\
     if(name!==\"default\"&&name!==\"module.exports\"&&name!==\"__esModule\"&&!Object.is(names[name],value[name]))return names;\
     if(value.__esModule)return value;\
     if(isFunction)return new Proxy(value,{get:function(target,key){\
     return key===\"default\"&&!(key in target)?target:Reflect.get(target,key)}});\
     var all={};\
     Object.getOwnPropertyNames(value).forEach(function(key){\
     Object.defineProperty(all,key,{enumerable:true,configurable:true,get:function(){return value[key]}})});\
     if(!(\"default\"in value))all.default=value;\
     return all}";

/// The expression that is the helper of this name.
pub(super) fn source(name: &str) -> Option<&'static str> {
    Some(match name {
        // Decorators are called from the last to the first. What one returns takes the place of the
        // class, or of the member's descriptor. `descriptor` is null for methods and accessors (it
        // is read from the class), and undefined for fields.
        "decorate" => {
            "function(decorators,target,key,descriptor){\
             var isClass=arguments.length<3,\
             value=isClass?target:descriptor===null?Object.getOwnPropertyDescriptor(target,key):descriptor;\
             for(var i=decorators.length-1;0<=i;i--){\
             var decorator=decorators[i];\
             if(!decorator)continue;\
             var result=isClass?decorator(value):arguments.length<4?decorator(target,key):decorator(target,key,value);\
             if(result)value=result;\
             }\
             if(!isClass&&value)Object.defineProperty(target,key,value);\
             return value}"
        }
        "decorateParam" => {
            "function(index,decorator){return function(target,key){decorator(target,key,index)}}"
        }
        // `Reflect.metadata` comes with a library, if the author loads one.
        "decorateMetadata" => {
            "function(key,value){\
             if(typeof Reflect===\"object\"&&typeof Reflect.metadata===\"function\")return Reflect.metadata(key,value)}"
        }
        "defineProperty" => {
            "function(target,key,value){\
             return Object.defineProperty(target,key,{value:value,enumerable:true,configurable:true,writable:true})}"
        }
        "toPropertyKey" => {
            "function(value){return typeof value===\"symbol\"?value:typeof value===\"object\"||typeof value===\"function\"?\
             Reflect.ownKeys({[value]:0})[0]:String(value)}"
        }
        // `using` and `await using`: resources are released in reverse order; what a release throws
        // is a SuppressedError over what was thrown before.
        "usingCtx" => {
            "function(){\
             var entries=[],failed=false,error,\
             fail=function(next){\
             if(failed){\
             var both=new Error(\"An error was suppressed during disposal.\");\
             both.name=\"SuppressedError\";both.error=next;both.suppressed=error;error=both\
             }else{failed=true;error=next}},\
             take=function(isAsync,value){\
             if(value!=null){\
             if(Object(value)!==value)throw new TypeError(\"a resource must be an object, null or undefined\");\
             var method=isAsync?value[Symbol.asyncDispose||Symbol.for(\"Symbol.asyncDispose\")]:undefined;\
             if(method==null)method=value[Symbol.dispose||Symbol.for(\"Symbol.dispose\")];\
             if(typeof method!==\"function\")throw new TypeError(\"a resource has no method to dispose of it\");\
             entries.push({value:value,method:method,isAsync:isAsync})\
             }else if(isAsync)entries.push({isAsync:true});\
             return value};\
             return{\
             get e(){return error},\
             set e(value){failed=true;error=value},\
             u:function(value){return take(false,value)},\
             a:function(value){return take(true,value)},\
             d:function(){\
             var next=function(){\
             while(entries.length){\
             var entry=entries.pop();\
             try{\
             var result=entry.method&&entry.method.call(entry.value);\
             if(entry.isAsync)return Promise.resolve(result).then(next,function(problem){fail(problem);return next()})\
             }catch(problem){fail(problem);if(entry.isAsync)return Promise.resolve().then(next)}\
             }\
             if(failed)throw error};\
             return next()}}}"
        }
        _ => return None,
    })
}
